// Where choices are remembered.

/** The browser's memory, or the tab's, where it is not refused. @param {"browser" | "tab"} whose */
export function storage(whose = "browser") {
  try {
    return whose === "tab" ? sessionStorage : localStorage;
  } catch {
    return null;
  }
}
