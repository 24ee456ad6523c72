import assert from 'node:assert/strict'
import { ChatError, type ChatErrorCode, isChatError } from 'chatwire'
import { checkSecrets } from './secrets.ts'

interface Evidence {
  always?: readonly string[]
  sometimes?: readonly string[]
  /** Left out where the evidence decides. */
  retryable?: boolean
}

/** Each code, with the fields that an error of it has. It must have no others. */
const evidence: Record<ChatErrorCode, Evidence> = {
  http: { always: ['status', 'body'], sometimes: ['providerCode', 'retryAfterMs', 'requestId'] },
  'content-type': { always: ['contentType', 'body'], retryable: false },
  network: { always: ['cause'], retryable: true },
  timeout: { always: ['phase'], sometimes: ['timeoutMs', 'cause'] },
  truncated: { sometimes: ['pending'], retryable: true },
  malformed: { always: ['frame'], sometimes: ['cause'], retryable: false },
  provider: { always: ['raw'], sometimes: ['providerCode', 'requestId'] },
  'too-large': { always: ['limit'], retryable: false },
  callback: { sometimes: ['cause'], retryable: false },
}

const common = ['stack', 'message', 'name', 'code', 'retryable']
const retryableStatus = (status = 0): boolean => [408, 425, 429].includes(status) || status >= 500

/** Fails unless an error is what the contract says of its code, and tells no secret. */
export function checkError(error: ChatError): void {
  assert.ok(error instanceof ChatError && isChatError(error))
  assert.equal(error.name, 'ChatError')
  assert.ok(Object.hasOwn(evidence, error.code), `the code is documented: ${error.code}`)
  const { always = [], sometimes = [], retryable } = evidence[error.code]
  const fields = Object.getOwnPropertyNames(error)
  for (const field of always) assert.ok(fields.includes(field), `it has ${field}`)
  const known = [...common, ...always, ...sometimes]
  assert.deepEqual(
    fields.filter((field) => !known.includes(field)),
    [],
    `a ${error.code} error has no other fields`,
  )
  assert.equal(error.retryable, retryable ?? isRetryable(error), 'retryable')
  if (error.code === 'timeout') {
    assert.equal('timeoutMs' in error, error.phase !== 'signal', 'timeoutMs')
  }
  checkSecrets(error)
}

function isRetryable(error: ChatError): boolean {
  if (error.code === 'http') return retryableStatus(error.status)
  if (error.code === 'timeout') return error.phase !== 'signal'
  return error.retryable
}
