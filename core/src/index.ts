export { errorCodes, errorFromJSON, errorTable, messageOf, MillraceError } from './errors.ts';
export type { DetailsOf, ErrorCode, ErrorJSON, ErrorRow, MillraceErrorOptions } from './errors.ts';
export { ManualClock, systemClock } from './clock.ts';
export type { Clock, Timer } from './clock.ts';
export { didYouMean, nearest } from './suggest.ts';
