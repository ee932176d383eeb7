import type { Broker } from '../broker/broker.ts';
import type { Call } from '../broker/call.ts';
import type { Session } from '../broker/session.ts';
import { raise } from '../errors.ts';
import type { Answer, Answered, Ask, OperationName } from '../wire/protocol.ts';
import { asMillraceError, joined } from './link.ts';
import type { CallOptions, Link } from './link.ts';

/** Calls a broker of the same thread. */
export class DirectLink implements Link {
  readonly #broker: Broker;
  readonly #session: Session;
  readonly #open = new Set<Pick<Call<OperationName>, 'fail'>>();
  readonly #closed: () => void;

  /** `closed` is called last in {@link close}. */
  constructor(broker: Broker, closed: () => void) {
    this.#broker = broker;
    this.#session = broker.open();
    this.#closed = closed;
  }

  call<Name extends OperationName>(
    name: Name,
    ask: Ask<Name>,
    body: readonly Uint8Array[] = [],
    { signal }: CallOptions = {},
  ): Promise<Answered<Name>> {
    if (this.#session.closed) return Promise.reject(raise('BINDER_CLOSED', {}));
    if (signal?.aborted === true) return Promise.reject(raise('CANCELLED', {}, signal.reason));
    return new Promise((resolve, reject) => {
      const call = new DirectCall<Name>(this.#session, ask, joined(body), { resolve, reject });
      const abort = (): void => call.cancel();
      signal?.addEventListener('abort', abort, { once: true });
      this.#open.add(call);
      call.onSettled = () => {
        this.#open.delete(call);
        signal?.removeEventListener('abort', abort);
      };
      this.#broker.handle(name, call);
    });
  }

  onRenewed(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    if (this.#session.closed) return Promise.resolve();
    this.#broker.stage.flush();
    this.#session.close();
    for (const call of this.#open) call.fail(raise('BINDER_CLOSED', {}));
    this.#closed();
    return Promise.resolve();
  }
}

interface Settle<Name extends OperationName> {
  readonly resolve: (answered: Answered<Name>) => void;
  readonly reject: (error: unknown) => void;
}

class DirectCall<Name extends OperationName> implements Call<Name> {
  readonly session: Session;
  readonly ask: Ask<Name>;
  readonly body: Uint8Array;
  onSettled: () => void = () => undefined;
  readonly #settle: Settle<Name>;
  #cancelTask: (() => void) | undefined;
  #settled = false;

  constructor(session: Session, ask: Ask<Name>, body: Uint8Array, settle: Settle<Name>) {
    this.session = session;
    this.ask = ask;
    this.body = body;
    this.#settle = settle;
  }

  answer(meta: Answer<Name>, body: Uint8Array | readonly Uint8Array[] = []): void {
    if (this.#end()) this.#settle.resolve({ meta, body: body instanceof Uint8Array ? body : joined(body) });
  }

  answerLater(meta: Answer<Name>): void {
    this.answer(meta);
  }

  give(meta: Answer<Name>, body: readonly Uint8Array[]): void {
    this.answer(meta, body);
  }

  release(): void {}

  fail(error: unknown): void {
    if (this.#end()) this.#settle.reject(asMillraceError(error));
  }

  onCancel(task: () => void): void {
    this.#cancelTask = task;
  }

  cancel(): void {
    if (this.#settled) return;
    this.#cancelTask?.();
    this.fail(raise('CANCELLED', {}));
  }

  #end(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.onSettled();
    return true;
  }
}
