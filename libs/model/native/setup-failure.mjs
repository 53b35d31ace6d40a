/** Something is missing that a person can bring: what, and how. Anything else that is thrown is a defect. */
export class SetupFailure extends Error {
  /**
   * @param {string} missing a clause without full stop: `no C++ compiler on the PATH`
   * @param {string} remedy a sentence
   */
  constructor(missing, remedy) {
    super(missing);
    this.name = 'SetupFailure';
    this.remedy = remedy;
  }
}
