import { parseStream } from '@millrace/pipeline-dsl';
import { verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const definition = 'orders = http --port=9000 | filter --expression="payload.celsius > 30" | log --level=WARN';
const rounds = 100_000;

const parseCase: Case = {
  name: 'parse of a definition with three apps',
  target: '≤ 10 µs',
  async run(tools) {
    const parse = (): void => {
      for (let index = 0; index < rounds; index++) parseStream(definition);
    };
    parse();
    verify(parseStream(definition).apps.length === 3, 'three apps');
    const micros = ((await tools.best(3, async () => parse())) / rounds) * 1e6;
    return { ours: `${micros.toFixed(2)} µs`, peer: '–', met: micros <= 10 };
  },
};

export default parseCase;
