// The policies that other packages of Millrace build consumers with; users get them through the runtime.
export { isTextual } from './codec.ts';
export { KeyedExecutor } from './keyed-executor.ts';
export { MetricsRegistry } from './metrics.ts';
export { isFailureHeader } from './failure-headers.ts';
export { ParkingLot } from './park.ts';
export { wasRedrivenElsewhere } from './redrive-headers.ts';
export { retryDelay, retryPolicy } from './retry.ts';
export type { RetryPolicy } from './retry.ts';
