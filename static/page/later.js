// @ts-check

/**
 * A part of the page that is fetched when it is first needed, and made once.
 * @template T @param {() => Promise<T>} make @returns {() => Promise<T>}
 */
export function later(make) {
  /** @type {Promise<T> | null} */
  let made = null;
  return () => {
    // What failed may be tried again: the network may be back.
    made ??= make().catch((error) => {
      made = null;
      throw error;
    });
    return made;
  };
}
