/** How an answer is written; the document is the same. */
export type MediaType = 'application/hal+json' | 'application/json';

const accepts: readonly (readonly [range: string, type: MediaType])[] = [
  ['*/*', 'application/hal+json'],
  ['application/*', 'application/hal+json'],
  ['application/hal+json', 'application/hal+json'],
  ['application/json', 'application/json'],
  ['application/*+json', 'application/hal+json'],
];

/** The ranges of an Accept header, the preferred ones first; parameters other than `q` do not matter. */
export function acceptedRanges(accept: string | undefined): readonly string[] {
  if (accept === undefined || accept.trim() === '') return ['*/*'];
  const ranges = accept.split(',').map((part) => {
    const [range = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    const quality = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1);
    return { range, quality: Number.isNaN(quality) ? 1 : quality };
  });
  return ranges
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ range }) => range);
}

/** The form that a client wants; `undefined` where it wants none of ours. */
export function mediaType(ranges: readonly string[]): MediaType | undefined {
  for (const range of ranges) {
    const found = accepts.find(([each]) => each === range);
    if (found !== undefined) return found[1];
  }
  return undefined;
}

/** Whether a client asks for text before anything else, as the official shell does for manifests and logs. */
export function prefersText(ranges: readonly string[]): boolean {
  return ranges[0] === 'text/plain';
}
