/** The code of a mobile network as people write it: `639-02`. */
export const networkCode = (code: string): string => `${code.slice(0, 3)}-${code.slice(3)}`
