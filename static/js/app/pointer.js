// What holds for whatever is drawn along by a pointer.

/**
 * Whether a mouse that moves has been let go of: where that happened outside of the
 * window, or over a menu of the system, nobody was told.
 * @param {PointerEvent} event
 */
export function isLetGo({ pointerType, buttons }) {
  return pointerType === "mouse" && buttons === 0;
}
