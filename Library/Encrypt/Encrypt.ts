import { des, undes } from './Des'
import { md5, md5Pwd, randomCode } from './Digest'
import { openV2, sealV2 } from './SealV2'

export { des, MAX_CIPHER, undes } from './Des'
export { md5, md5Pwd, randomCode } from './Digest'
export { openV2, sealV2 } from './SealV2'

/** MSwoole's `Encrypt` under its old name: auth strings (`des`, `undes`), their safe successor (`sealV2`, `openV2`), digests, codes. */
export const Encrypt = Object.freeze({ des, undes, sealV2, openV2, md5, md5Pwd, randomCode })
