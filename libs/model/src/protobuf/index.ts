export { bytes, double, float, int, message, text } from './message.ts';
export { fieldsOf, type Field } from './fields.ts';
