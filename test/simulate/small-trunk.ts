/** An override: the labs with a trunk of one narrow layer, for claims that a trunk's size has no part in; a round takes half the time. */
export const SMALL_TRUNK = 'trunk.layers=[{ dense: { units: 16, activation: relu } }, { dropout: { rate: 0.3 } }]';
