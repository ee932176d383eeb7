// A source that says that it has started, then emits numbers until it is stopped.
import { defineSource } from '@millrace/apps';

export default defineSource({
  name: 'first',
  description: 'Counts.',
  async *generate({ logger, pause, signal, label }) {
    logger.log('INFO', `${label} has started`);
    for (let number = 1; !signal.aborted; number++) {
      yield { number };
      await pause(20);
    }
  },
});
