import { STATUS_CODES } from 'node:http';
import { escapeHtml } from './html.ts';

/** What is answered where there is no resource, as Spring Boot does: in the form that the client asks for. */
export function bootError(status: number, message: string, path: string): object {
  return { timestamp: timestamp(new Date()), status, error: STATUS_CODES[status], message, path };
}

/** The same for people. */
export function errorPage(status: number, message: string): string {
  return `<html><body><h1>${status} ${STATUS_CODES[status]}</h1><p>${escapeHtml(message)}</p></body></html>`;
}

/** A moment as Spring writes it: milliseconds, and an offset without a colon. */
export function timestamp(date: Date): string {
  return date.toISOString().replace('Z', '+0000');
}
