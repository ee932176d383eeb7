import { headerNames, type Headers } from '../binder/index.ts';

/**
 * Whether a message was made, by an application that copies headers as Spring's do, from one that was re-driven to another
 * destination: then its re-drive and its id are those of that other message.
 */
export function wasRedrivenElsewhere(headers: Headers, destination: string): boolean {
  const redriven = headers[headerNames.redriveDestination];
  return typeof redriven === 'string' && redriven !== destination;
}
