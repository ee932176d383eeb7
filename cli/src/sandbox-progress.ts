import type { Progress } from '@millrace/sandbox';

/** Tells how far servers are: in place on a terminal, else a line for each new step without the counting in between. */
export class SandboxProgress {
  readonly #out: NodeJS.WriteStream;
  readonly #last = new Map<string, string>();
  #open = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show({ server, text }: Progress): void {
    const step = text.replaceAll(/\d+/g, '#');
    const repeated = this.#last.get(server) === step;
    this.#last.set(server, step);
    if (repeated && !this.#out.isTTY) return;
    // A step that only counts on replaces its own line, as long as nobody else wrote one since.
    const replace = repeated && this.#open && this.#lastServer === server;
    this.#lastServer = server;
    this.#open = true;
    this.#out.write(`${replace ? '\u001b[1A\u001b[2K' : ''}${server}: ${text}\n`);
  }

  #lastServer = '';
}
