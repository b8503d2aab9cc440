// @ts-check

const ZONE_KEY = "errand.timezone";

/** The zone that the person chose by hand, or none: then this device's is used. @returns {string | null} */
export function chosenZone() {
  return localStorage.getItem(ZONE_KEY);
}

/** @param {string} zone empty for this device's */
export function chooseZone(zone) {
  if (zone) localStorage.setItem(ZONE_KEY, zone);
  else localStorage.removeItem(ZONE_KEY);
}
