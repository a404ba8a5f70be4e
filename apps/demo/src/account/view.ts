/** A session of a user: a browser somewhere. Times are milliseconds since 1970 by the server's clock. */
export interface DeviceView {
  readonly handle: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly createdAt: number;
  readonly lastSeenAt: number;
}
