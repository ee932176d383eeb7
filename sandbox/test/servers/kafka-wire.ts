import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** As much of Kafka's protocol as proves that a broker serves, keeps topics, and whom it lets in. */
export class KafkaWire implements Disposable {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => (this.#received = Buffer.concat([this.#received, data]))).on('error', () => {});
  }

  static async open(address: string, tls?: { ca: string; cert?: string; key?: string }): Promise<KafkaWire> {
    const [host, port] = address.split(':') as [string, string];
    const socket =
      tls === undefined
        ? connect(Number(port), host)
        : connectTls({ host, port: Number(port), ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) });
    await new Promise((resolve, reject) => {
      socket.once(tls === undefined ? 'connect' : 'secureConnect', resolve).once('error', reject);
    });
    return new KafkaWire(socket);
  }

  /** The names and error codes of topics in a Metadata answer; asking for one by name creates it where the broker allows that. */
  async metadata(topics?: readonly string[]): Promise<string> {
    const list = topics === undefined ? [int32(-1)] : [int32(topics.length), ...topics.map(string)];
    return (await this.#call(3, 1, Buffer.concat(list))).toString('latin1');
  }

  /** Logs in with a password; resolves with Kafka's error code, 0 for success. */
  async login(username: string, password: string): Promise<number> {
    const handshake = await this.#call(17, 1, string('PLAIN'));
    if (handshake.readInt16BE(0) !== 0) return handshake.readInt16BE(0);
    const token = Buffer.from(`\0${username}\0${password}`);
    return (await this.#call(36, 0, Buffer.concat([int32(token.length), token]))).readInt16BE(0);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #call(api: number, version: number, body: Buffer): Promise<Buffer> {
    const request = Buffer.concat([int16(api), int16(version), int32(1), int16(-1), body]);
    this.#socket.write(Buffer.concat([int32(request.length), request]));
    while (this.#received.length < 4 || this.#received.length < 4 + this.#received.readInt32BE(0)) {
      if (this.#socket.destroyed) throw new Error('the broker closed the connection');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const end = 4 + this.#received.readInt32BE(0);
    const answer = this.#received.subarray(8, end);
    this.#received = this.#received.subarray(end);
    return answer;
  }
}

function read(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  return Buffer.concat([int16(text.length), Buffer.from(text)]);
}
