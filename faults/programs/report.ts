/** Tells the parent, in batches of what a turn of the event loop brings, so that reporting is not what is measured. */
export function createReport(): (message: string) => void {
  let batch: string[] = [];
  return (message) => {
    if (batch.length === 0) {
      setImmediate(() => {
        process.send?.(batch);
        batch = [];
      });
    }
    batch.push(message);
  };
}
