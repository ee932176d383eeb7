/**
 * Tells the parent, in batches of what one step of work brings, so that reporting is not what is measured. What is reported before
 * something is sent has left this process before that can reach the broker, so that a kill in between makes no message unexpected.
 */
export function createReport(): (message: string) => void {
  let batch: string[] = [];
  return (message) => {
    if (batch.length === 0) {
      // Runs before the microtasks that a send takes to get going.
      queueMicrotask(() => {
        process.send?.(batch);
        batch = [];
      });
    }
    batch.push(message);
  };
}
