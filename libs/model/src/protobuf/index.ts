export { bytes, double, float, int, message, text } from './message.ts';
