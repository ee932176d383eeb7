import type { AppMessage } from './message.ts';

/** A payload: text, bytes, or a value that has a JSON form. */
export type Payload = string | number | boolean | object;

/** What an app may hand on: a payload, a message, a list of either, or nothing. A list as one payload needs `message(list)`. */
export type Emission = Payload | AppMessage | readonly (Payload | AppMessage)[] | null | undefined | void;

/**
 * Hands messages to the next app. Resolves when all that follows, up to a durable destination or the last sink, is done with them;
 * rejects, retryably, when they could not be taken. Await it: that is the back-pressure.
 */
export type Emit = (emission: Emission) => Promise<void>;
