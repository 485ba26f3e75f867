namespace Mcu.Runtime
{
    /// <summary>What an adapter's low-rank and sparse terms add to the accumulators.</summary>
    internal static class AdapterTerms
    {
        /// <summary>
        /// Writes the terms of pixels whose windows lie depth bytes apart in x: terms[pixel * outputs + output]; behind them there is room
        /// for one pixel's projections.
        /// </summary>
        internal static void Sum(Linear layer, sbyte[] x, int at, int pixels, int depth, int outputs, int zeroPoint, int[] terms, int room)
        {
            for (int i = 0; i < pixels * outputs; i++)
            {
                terms[i] = 0;
            }

            for (Lora lora = layer.Lora; lora != null; lora = lora.Next)
            {
                for (int pixel = 0; pixel < pixels; pixel++)
                {
                    Project(lora, x, at + pixel * depth, depth, terms, room);
                    Expand(lora, outputs, terms, room, pixel * outputs);
                }
            }

            if (layer.Sparse != null)
            {
                Correct(layer.Sparse, x, at, pixels, depth, outputs, zeroPoint, terms);
            }
        }

        private static void Project(Lora lora, sbyte[] x, int at, int depth, int[] u, int to)
        {
            sbyte[] a = lora.A;
            int row = 0;
            for (int r = 0; r < lora.Rank; r++, row += depth)
            {
                int sum = lora.ABias[r];
                for (int k = 0; k < depth; k++)
                {
                    sum += a[row + k] * x[at + k];
                }

                u[to + r] = Numerics.Clamp(Numerics.Requantize(sum, lora.AMultiplier[r], lora.AShift[r]), short.MinValue, short.MaxValue);
            }
        }

        private static void Expand(Lora lora, int outputs, int[] terms, int from, int to)
        {
            sbyte[] b = lora.B;
            byte[] shifts = lora.BShift;
            int rank = lora.Rank;
            int row = 0;
            for (int o = 0; o < outputs; o++, row += rank)
            {
                int sum = 0;
                for (int r = 0; r < rank; r++)
                {
                    sum += b[row + r] * terms[from + r];
                }

                int shift = shifts[o];
                terms[to + o] += shift == 0 ? sum : (sum + (int)((1L << shift) >> 1)) >> shift;
            }
        }

        private static void Correct(byte[] stream, sbyte[] x, int at, int pixels, int depth, int outputs, int zeroPoint, int[] terms)
        {
            int output = 0;
            int column = 0;
            for (int i = 0; i < stream.Length; i += 2)
            {
                column += stream[i];
                while (column >= depth)
                {
                    column -= depth;
                    output++;
                }

                int difference = (sbyte)stream[i + 1];
                if (difference != 0)
                {
                    for (int pixel = 0; pixel < pixels; pixel++)
                    {
                        terms[pixel * outputs + output] += difference * (x[at + pixel * depth + column] - zeroPoint);
                    }
                }
            }
        }
    }
}
