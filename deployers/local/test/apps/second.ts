// A sink that logs what it gets.
import { defineSink } from '@millrace/apps';

export const second = defineSink({
  name: 'second',
  description: 'Logs what it gets.',
  handle: (message, { logger, label }) => logger.log('INFO', `${label} got ${message.text()}`),
});
