// The wire between a browser and Foyer, which can be cut, and lead elsewhere.

import net from "node:net";

export class Wire {
  #server;
  /** @type {Set<net.Socket>} */
  #sockets = new Set();
  #cut = false;
  #port;

  /** @param {number} port of Foyer */
  constructor(port) {
    this.#port = port;
    this.#server = net.createServer((near) => {
      if (this.#cut) {
        near.destroy();
        return;
      }
      const far = net.connect(this.#port, "127.0.0.1");
      for (const [from, to] of [[near, far], [far, near]]) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => { this.#sockets.delete(from); to.destroy(); });
      }
    });
  }

  /** Starts and returns the origin that leads through this wire. @returns {Promise<string>} */
  open() {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve(`http://localhost:${/** @type {net.AddressInfo} */ (this.#server.address()).port}`));
    });
  }

  /** Ends every connection and lets no new one through. */
  cut() {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#cut = false;
  }

  /** Leads new connections to another Foyer. @param {number} port */
  lead(port) {
    this.#port = port;
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
