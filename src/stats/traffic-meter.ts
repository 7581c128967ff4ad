/** What all torrents together gave and fetched since the process began, counted as it happens. */
export class TrafficMeter {
  served = 0;
  fresh = 0;
  filled = 0;

  give(bytes: number, fresh: number): void {
    this.served += bytes;
    this.fresh += fresh;
  }

  fill(bytes: number): void {
    this.filled += bytes;
  }
}
