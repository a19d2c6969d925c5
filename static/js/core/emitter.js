/**
 * An EventTarget whose events are typed: Events maps each event's name to its
 * detail.
 * @template {object} Events
 */
export class Emitter extends EventTarget {
  /**
   * @template {keyof Events & string} Name
   * @param {Name} name
   * @param {(detail: Events[Name]) => void} listener
   * @param {{signal?: AbortSignal}} [options]
   */
  on(name, listener, options) {
    this.addEventListener(name, (event) => {
      listener(/** @type {CustomEvent<Events[Name]>} */ (event).detail);
    }, options);
  }

  /**
   * @template {keyof Events & string} Name
   * @param {Name} name
   * @param {Events[Name]} detail
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
