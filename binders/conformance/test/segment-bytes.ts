/** Small segments, so that tests see many of them. */
export const segmentBytes = 256 * 1024;
