/** The suites in a Worker: answers a request for `/?server=…` with the reports. */
import { runSuites } from './suite.ts'

export default {
  async fetch(request: Request): Promise<Response> {
    const server = new URL(request.url).searchParams.get('server') ?? ''
    return Response.json(await runSuites(server))
  },
}
