import { expect, it } from 'vitest';
import { lineLogger, relay } from '../../src/runtime/logger.ts';

function recorder() {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { lines, write };
}

it('relays what another process logged, with its level, under the name that it has here', () => {
  const other = recorder();
  lineLogger(other.write).named('there').log('WARN', 'low on [fuel] space');
  const { lines, write } = recorder();
  relay(other.lines[0]!.trimEnd(), lineLogger(write, () => 0).named('orders/filter'));
  expect(lines).toEqual(['1970-01-01T00:00:00.000Z WARN  [orders/filter] low on [fuel] space\n']);
});

it('takes any other line for information', () => {
  const { lines, write } = recorder();
  relay('Picked up JAVA_TOOL_OPTIONS', lineLogger(write, () => 0).named('x'));
  expect(lines).toEqual(['1970-01-01T00:00:00.000Z INFO  [x] Picked up JAVA_TOOL_OPTIONS\n']);
});
