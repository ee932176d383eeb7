// What the office and its clerks agree on.
import { command, region } from 'millrace';

export interface ReserveSeat {
  readonly train: string;
  readonly passenger: string;
}

export interface Reservation {
  readonly seat: string;
  readonly passenger: string;
}

export interface Seat {
  readonly train: string;
  /** Which command bought it; `null` while it is free. */
  readonly soldTo: string | null;
  readonly passenger: string | null;
}

export const reserveSeat = command<ReserveSeat, Reservation>('reserve-seat');
export const seats = region<Seat>('seats');
