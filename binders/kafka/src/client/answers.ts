/**
 * The answer to a request, also where parts of it failed: the client library rejects for one failed part, and hides the others in the
 * error. What failed is told by the `errorCode` of each part.
 */
export async function partly<Answer>(asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'response' in error && error.response !== undefined)
      return error.response as Answer;
    throw error;
  }
}

/** The protocol's error with this number, as the client library would raise it; `undefined` for 0, success. */
export function partError(library: { ProtocolError: new (code: number) => Error }, code: number): Error | undefined {
  return code === 0 ? undefined : new library.ProtocolError(code);
}
