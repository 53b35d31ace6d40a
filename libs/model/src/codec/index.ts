export { asFloat32, type Coded } from './coded.ts';
export { decodeValues, type Received } from './decode.ts';
export { encodeDifference } from './difference.ts';
export { encodeValues } from './encode.ts';
export { createErrorFeedback, type ErrorFeedback, type FeedbackState } from './error-feedback.ts';
