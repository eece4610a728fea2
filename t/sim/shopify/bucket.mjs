// The cost limit: points that a query takes out of a bucket, which fills up steadily.
export class Bucket {
  constructor({maximum = 2000, available = maximum, restore = 100} = {}) {
    Object.assign(this, {maximum, available, restore});
    this.since = Date.now();
  }

  // Takes so many points; false when they are not there.
  take(points) {
    this.#fill();
    if (this.available < points) return false;
    this.available -= points;
    return true;
  }

  giveBack(points) {
    this.available = Math.min(this.maximum, this.available + points);
  }

  status() {
    this.#fill();
    return {
      maximumAvailable: this.maximum,
      currentlyAvailable: Math.floor(this.available),
      restoreRate: this.restore,
    };
  }

  #fill() {
    const now = Date.now();
    this.giveBack((now - this.since) / 1000 * this.restore);
    this.since = now;
  }
}
