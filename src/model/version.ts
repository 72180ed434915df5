/** The version of the tool, as package.json says it. */
export const VERSION = '0.1.0';
