import { describe, expect, it } from 'vitest';
import { brokers } from './harness/broker.ts';
import { Command } from './harness/ours.ts';

describe.each(brokers('ours'))('pipelines on $name', (broker) => {
  it('time (Spring) | transform (ours) | log (Spring)', async () => {
    await using log = broker.start('log', bindings('mixed1', { input: 'mixed1.transform' }));
    await using _ours = new Command(broker, [
      'run',
      ":mixed1.time > transform --expression=\"'<' + payload + '>'\" > :mixed1.transform",
      '--name',
      'mixed1',
    ]);
    await using time = broker.start('time', {
      ...bindings('mixed1', { output: 'mixed1.time' }),
      'spring.integration.poller.fixed-delay': '200',
    });
    await Promise.all([log.ready(), time.ready()]);
    const lines = await log.lines.take(3, (line) => line.includes('>'));
    for (const line of lines) expect(line).toMatch(/<\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d>$/);
  });
});

function bindings(stream: string, { input, output }: { input?: string; output?: string }): Record<string, string> {
  const at = 'spring.cloud.stream.bindings';
  return {
    ...(input === undefined ? {} : { [`${at}.input.destination`]: input, [`${at}.input.group`]: stream }),
    ...(output === undefined ? {} : { [`${at}.output.destination`]: output, [`${at}.output.producer.requiredGroups`]: stream }),
  };
}
