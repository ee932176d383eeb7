import { MillraceError } from '@millrace/core';
import { copyOf } from '../bytes.ts';
import type { Broker } from '../broker/broker.ts';
import type { Call } from '../broker/call.ts';
import type { Session } from '../broker/session.ts';
import { asMillraceError } from '../binder/link.ts';
import { raise } from '../errors.ts';
import type { Channel } from '../wire/channel.ts';
import { encodeFrame, FrameDecoder, frameType } from '../wire/frame.ts';
import type { Frame, FrameType } from '../wire/frame.ts';
import type { Answer, Ask, OperationName } from '../wire/protocol.ts';

/** A client of the broker beyond a channel. */
export class ServerConnection {
  /** When something last came, in monotonic milliseconds. */
  lastHeard: number;
  readonly channel: Channel;
  readonly #broker: Broker;
  readonly #session: Session;
  readonly #decoder = new FrameDecoder();
  readonly #calls = new Map<number, ServerCall>();

  constructor(broker: Broker, channel: Channel, closed: (connection: ServerConnection) => void) {
    this.#broker = broker;
    this.channel = channel;
    this.#session = broker.open();
    this.lastHeard = broker.clock.monotonic();
    channel.listen({
      data: (bytes) => this.#data(bytes),
      closed: () => {
        this.#end();
        closed(this);
      },
    });
  }

  close(): void {
    this.channel.close();
    this.#end();
  }

  #end(): void {
    for (const call of this.#calls.values()) call.cancelTask?.();
    this.#calls.clear();
    this.#session.close();
  }

  #data(bytes: Uint8Array): void {
    this.lastHeard = this.#broker.clock.monotonic();
    try {
      for (const frame of this.#decoder.push(bytes)) this.#frame(frame);
    } catch {
      // Not our protocol: there is nobody on the other side who would understand an answer.
      this.close();
    }
  }

  #frame({ type, id, meta, body }: Frame): void {
    if (type === frameType.cancel) return this.#cancel(id);
    if (type !== frameType.request || !Array.isArray(meta)) throw raise('FRAME_INVALID', { what: 'a question that is none' });
    const [name, ask, sequence] = meta as [OperationName, Ask<OperationName>, number | undefined];
    const call = new ServerCall(this.#session, ask, owned(body), sequence ?? undefined, {
      reply: (reply) => this.#reply(id, reply),
      release: (bytes) => this.channel.release(bytes),
    });
    this.#calls.set(id, call);
    this.#broker.handle(name, call);
  }

  #cancel(id: number): void {
    const call = this.#calls.get(id);
    call?.cancelTask?.();
    call?.fail(raise('CANCELLED', {}));
  }

  #reply(id: number, { type, meta, body, given, urgent }: Reply): void {
    // Once only, and never after the connection ended.
    if (!this.#calls.delete(id)) return;
    const [head, ...rest] = encodeFrame(type, id, meta, body);
    if (given === true) this.channel.write([head!], { given: rest });
    else this.channel.write([head!, ...rest], { urgent });
  }
}

interface Reply {
  readonly type: FrameType;
  readonly meta: unknown;
  readonly body: readonly Uint8Array[];
  readonly given?: boolean;
  readonly urgent?: boolean;
}

/** What a call does to its connection. */
interface Way {
  readonly reply: (reply: Reply) => void;
  readonly release: (body: Uint8Array) => void;
}

class ServerCall implements Call<OperationName> {
  readonly session: Session;
  readonly ask: Ask<OperationName>;
  readonly body: Uint8Array;
  readonly sequence: number | undefined;
  cancelTask: (() => void) | undefined;
  readonly #way: Way;

  constructor(session: Session, ask: Ask<OperationName>, body: Uint8Array, sequence: number | undefined, way: Way) {
    this.session = session;
    this.ask = ask;
    this.body = body;
    this.sequence = sequence;
    this.#way = way;
  }

  answer(meta: Answer<OperationName>, body: Uint8Array | readonly Uint8Array[] = []): void {
    this.#way.reply({ type: frameType.answer, meta, body: body instanceof Uint8Array ? [body] : body });
  }

  answerLater(meta: Answer<OperationName>): void {
    this.#way.reply({ type: frameType.answer, meta, body: [], urgent: false });
  }

  give(meta: Answer<OperationName>, body: readonly Uint8Array[]): void {
    this.#way.reply({ type: frameType.answer, meta, body, given: true });
  }

  fail(error: unknown): void {
    const failure: MillraceError = asMillraceError(error);
    this.#way.reply({ type: frameType.failure, meta: failure.toJSON(), body: [] });
  }

  release(): void {
    this.#way.release(this.body);
  }

  onCancel(task: () => void): void {
    this.cancelTask = task;
  }
}

/** Bytes that may be kept without keeping the much larger chunk that they came in. */
function owned(body: Uint8Array): Uint8Array {
  return body.length > 0 && body.buffer.byteLength > 4 * body.length ? copyOf(body) : body;
}
