import { collect, isChatError, readChat, streamChat, streamEvents, textOf } from 'chatwire'
import { doneOf, run } from '../../helpers/run.ts'
import { brief, errorOf } from '../../transport/brief.ts'
import { equal, includes, matches, ok, thrownBy } from '../assert.ts'
import type { Suite } from '../check.ts'
import { observe, type Server } from '../scenario.ts'

/** Answers that are none: each is one error with its evidence, and its connection is closed. */
export function errorSuite(server: Server): Suite {
  return {
    name: 'errors',
    register(check) {
      check('401 with JSON is an http error in the words of the provider', async () => {
        const headers = { authorization: 'Bearer sk-secret-key' }
        const error = errorOf(await observe(server.at('/denied'), { headers }))
        includes(error, {
          code: 'http',
          status: 401,
          retryable: false,
          providerCode: 'invalid_api_key',
          requestId: 'req-1',
        })
        matches(error.message, /Incorrect API key provided/)
        matches(error.body, /"error"/)
        ok(!`${error.stack}${JSON.stringify(error)}`.includes('sk-secret'), 'no secret is in it')
      })

      check('429 tells when to come back', async () => {
        const error = errorOf(await observe(server.at('/busy')))
        includes(error, { code: 'http', status: 429, retryable: true, retryAfterMs: 2000 })
      })

      check('403 with a body without end is an http error, and closed', async () => {
        const error = errorOf(await observe(server.at('/endless-refusal')))
        includes(error, { code: 'http', status: 403 })
        equal(error.body?.length, 64 * 1024)
      })

      check('500 without a body is an http error', async () => {
        includes(errorOf(await observe(server.at('/broken'))), {
          code: 'http',
          status: 500,
          retryable: true,
          body: '',
        })
      })

      check('200 with HTML is a content-type error', async () => {
        const error = errorOf(await observe(server.at('/login')))
        includes(error, { code: 'content-type', retryable: false })
        matches(error.contentType, /^text\/html/)
        matches(error.body, /Log in/)
      })

      check('200 with JSON that is no answer is a content-type error', async () => {
        includes(errorOf(await observe(server.at('/no-answer'))), { code: 'content-type' })
      })

      check('204 is truncated', async () => {
        includes(errorOf(await observe(server.at('/no-content'))), { code: 'truncated' })
      })

      check('an empty body is truncated', async () => {
        includes(errorOf(await observe(server.at('/empty'))), { code: 'truncated' })
      })

      check('an answer cut inside a frame keeps what was cut as pending', async () => {
        const events = await observe(server.at('/close-delimited-cut'))
        includes(errorOf(events), { code: 'truncated', retryable: true })
        equal(doneOf(events).text, 'Hi')
      })

      check('collect throws the error, with all that came', async () => {
        const thrown = await thrownBy(() =>
          collect(streamChat({ url: server.at('/close-delimited-cut').url })),
        )
        ok(isChatError(thrown), 'it is a ChatError')
        includes(thrown, { name: 'ChatError', code: 'truncated' })
        equal(thrown.result?.text, 'Hi')
        ok(thrown instanceof Error, 'it is an Error')
      })

      check('textOf throws the error after the text', async () => {
        const texts: string[] = []
        const thrown = await thrownBy(async () => {
          const url = server.at('/close-delimited-cut').url
          for await (const text of textOf(streamChat({ url }))) texts.push(text)
        })
        equal(texts, ['Hi'])
        ok(isChatError(thrown), 'it is a ChatError')
      })

      check('raw events throw on a wrong status and a wrong content type', async () => {
        for (const [path, code] of [
          ['/denied', 'http'],
          ['/login', 'content-type'],
        ] as const) {
          const scenario = server.at(path)
          const thrown = await thrownBy(() => streamEvents({ url: scenario.url }).next())
          includes(thrown, { name: 'ChatError', code })
          equal((await scenario.state()).closed, true)
        }
      })

      check('raw events come with their ids, in any script', async () => {
        const scenario = server.at('/events')
        const events: unknown[] = []
        for await (const event of streamEvents({ url: scenario.url })) events.push(event)
        equal(events, [
          { type: 'add', data: 'é\n日', lastEventId: '1…😀' },
          { type: 'message', data: '', lastEventId: '1…😀' },
        ])
      })

      check('a response given to readChat gets the same checks', async () => {
        const response = await fetch(server.at('/denied').url)
        includes(errorOf(await run(readChat(response))), { code: 'http', status: 401 })
      })

      check('a response that was read already is a callback error', async () => {
        const response = await fetch(server.at('/three-events').url)
        await response.text()
        equal(brief(await run(readChat(response))), ['error callback', 'done error: '])
      })

      check('a fetch that throws, rejects or gives nonsense is an error event', async () => {
        const fakes: [fetch: () => unknown, code: string][] = [
          [() => Promise.reject(new Error('mine')), 'network'],
          [
            () => {
              throw new Error('mine')
            },
            'network',
          ],
          [() => Promise.resolve({}), 'callback'],
        ]
        for (const [fake, code] of fakes) {
          const events = await run(
            streamChat({ url: 'https://chat.test/', fetch: fake as typeof fetch }),
          )
          equal(brief(events), [`error ${code}`, 'done error: '])
        }
      })

      check('wrong arguments are a TypeError at the call', async () => {
        const wrong = [
          () => streamChat({}),
          () => streamChat({ url: 'http://' }),
          () => streamChat({ url: 'https://chat.test/', buffer: 0 }),
          () => streamChat({ url: 'https://chat.test/', timeout: { idle: -1 } }),
          () => readChat({} as Response),
        ]
        for (const call of wrong) {
          ok((await thrownBy(call)) instanceof TypeError, `${call} throws a TypeError`)
        }
      })
    },
  }
}
