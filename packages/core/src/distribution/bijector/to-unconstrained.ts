import { concat, split, type Tensor } from "@credence/tensor";
import type { Support } from "../support.ts";
import type { Bijector } from "./bijector.ts";
import { independentBijector } from "./compose.ts";
import { correlationBijector } from "./correlation.ts";
import { identityBijector, logBijector } from "./elementary.ts";
import { aboveBijector, belowBijector } from "./half-line.ts";
import { logitBijector } from "./logit.ts";
import { orderedBijector } from "./ordered.ts";
import { simplexBijector } from "./simplex.ts";

/**
 * The map from a support to all numbers: identity, logarithm, scaled logit, stick breaking, logarithms of steps, or partial correlations.
 * TypeError for counts, which have none.
 */
export function toUnconstrained(support: Support): Bijector {
  switch (support.kind) {
    case "real":
      return identityBijector();
    case "positive":
      return logBijector;
    case "above":
      return aboveBijector(support.low);
    case "below":
      return belowBijector(support.high);
    case "interval":
      return logitBijector(support.low, support.high);
    case "realVector":
      return identityBijector(1);
    case "simplex":
      return simplexBijector;
    case "ordered":
      return orderedBijector(support);
    case "correlationCholesky":
      return correlationBijector(support.size);
    case "independent":
      return independentBijector(toUnconstrained(support.of), support.rank);
    case "joint":
      return sideBySide(support.parts.map((part) => ({ name: part.name, size: part.size, map: partMap(part.name, part.support) })));
    case "nonnegativeInteger":
      throw new TypeError(
        "toUnconstrained: counts have no smooth map to all numbers; leave the parameter out or give it a continuous prior",
      );
  }
}

function partMap(name: string, support: Support): Bijector {
  const map = toUnconstrained(support);
  if (map.eventRank > 1)
    throw new TypeError(
      `toUnconstrained: ${name} is an event of ${map.eventRank} axes; a part of a joint distribution must be a number or a vector`,
    );
  return map;
}

/** Maps of the parts of a vector, each on its own stretch. */
function sideBySide(parts: readonly { name: string; size: number; map: Bijector }[]): Bijector {
  const sizes = parts.map(({ size }) => size);
  const images = parts.map(({ size, map }) => map.imageShape?.([size])[0] ?? size);
  const imageSize = images.reduce((total, size) => total + size, 0);
  // A number is a stretch of one: its map has no event axis and keeps that of the stretch.
  const whole = parts.map(({ map }) => (map.eventRank === 0 ? independentBijector(map, 1) : map));
  const pieces = (x: Tensor): Tensor[] => split(x, sizes, -1);
  const imagePieces = (y: Tensor): Tensor[] => split(y, images, -1);
  const total = (terms: readonly Tensor[]): Tensor => terms.reduce((sum, term) => sum.add(term));
  return {
    name: "joint",
    eventRank: 1,
    imageShape: () => [imageSize],
    forward: (x) =>
      concat(
        pieces(x).map((piece, i) => whole[i]!.forward(piece)),
        -1,
      ),
    inverse: (y) =>
      concat(
        imagePieces(y).map((piece, i) => whole[i]!.inverse(piece)),
        -1,
      ),
    logDerivative: (x) => total(pieces(x).map((piece, i) => whole[i]!.logDerivative(piece))),
    inverseLogDerivative: (y) => total(imagePieces(y).map((piece, i) => whole[i]!.inverseLogDerivative(piece))),
  };
}
