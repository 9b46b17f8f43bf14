/** Milliseconds since the epoch. Pure code takes `now` as an argument; shells take a Clock. */
export type Clock = () => number;

/** A number in [0, 1), as Math.random gives. */
export type Random = () => number;

/** A fresh id, unique in the deployment. */
export type IdSource = () => string;
