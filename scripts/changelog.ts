/**
 * How changesets become lines of CHANGELOG.md: as they are written. The commits that brought them,
 * which changesets' own format puts before each, tell those who use the package nothing.
 */

/** The part of a changeset that is used here. */
interface Changeset {
  summary: string
}

export default {
  async getReleaseLine({ summary }: Changeset): Promise<string> {
    return `- ${summary.trim().replaceAll(/\n(?=.)/g, '\n  ')}`
  },
  /** For packages of the same repository, of which there is one. */
  async getDependencyReleaseLine(): Promise<string> {
    return ''
  },
}
