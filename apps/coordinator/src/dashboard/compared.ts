/** Runs that one page lays over each other: so many lines are told apart by colour and dashes. */
export const COMPARED = 6;
