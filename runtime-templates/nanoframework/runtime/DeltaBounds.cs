namespace Mcu.Runtime
{
    /// <summary>Proves that the constants of a layer keep to what the kernels rely on: no accumulator, nor any sum on the way to it, overflows.</summary>
    internal static class DeltaBounds
    {
        private const int FastLimit = 1 << 30;
        private const int Limit = int.MaxValue - 255;
        /// <summary>What gamma is multiplied by.</summary>
        private const int LargestNormal = 32769;

        private const int LargestStart = 1 << 30;
        private const int LargestShift = 31;
        private const int LargestFastShift = 22;

        /// <summary>The largest 128 * sum |w| over rows of weights.</summary>
        internal static int LargestInput(sbyte[] weights, int depth)
        {
            int largest = 0;
            for (int row = 0; row < weights.Length; row += depth)
            {
                int sum = Magnitude(weights, row, depth);
                largest = sum > largest ? sum : largest;
            }

            return 128 * largest;
        }

        /// <summary>A reason, or none; largestInput belongs to the layer's weights and is not read of a layer normalisation.</summary>
        internal static int Check(DeltaLayer layer, Linear linear, Linear original, int largestInput)
        {
            if (linear.Multiplier != original.Multiplier
                && !AreScales(linear.Multiplier, linear.Shift, layer.Fast ? FastLimit : 0, layer.Fast ? 1 : 0, layer.Fast ? LargestFastShift : LargestShift))
            {
                return DeltaReason.Range;
            }

            long[] bounds = new long[layer.Outputs];
            for (int o = 0; o < bounds.Length; o++)
            {
                long bias = linear.Bias[o];
                long input = largestInput;
                if (layer.Kind == DeltaLayer.Norm)
                {
                    long gamma = linear.Gamma[o];
                    input = LargestNormal * (gamma < 0 ? -gamma : gamma);
                }

                bounds[o] = input + (bias < 0 ? -bias : bias);
            }

            for (Lora term = linear.Lora; term != null; term = term.Next)
            {
                if (!AreScales(term.AMultiplier, term.AShift, 0, 0, LargestShift) || !AreStarts(term.ABias) || !AddTerm(term, bounds))
                {
                    return DeltaReason.Range;
                }
            }

            if (linear.Sparse != null && !AddDifferences(linear.Sparse, layer.Depth, bounds))
            {
                return DeltaReason.Range;
            }

            for (int o = 0; o < bounds.Length; o++)
            {
                if (bounds[o] >= (layer.Fast ? FastLimit : Limit))
                {
                    return DeltaReason.Overflow;
                }
            }

            return DeltaReason.None;
        }

        private static bool AreScales(int[] multipliers, sbyte[] shifts, int leastMultiplier, int leastShift, int mostShift)
        {
            for (int i = 0; i < multipliers.Length; i++)
            {
                if (multipliers[i] < leastMultiplier || shifts[i] < leastShift || shifts[i] > mostShift)
                {
                    return false;
                }
            }

            return true;
        }

        private static bool AreStarts(int[] starts)
        {
            for (int i = 0; i < starts.Length; i++)
            {
                if (starts[i] < -LargestStart || starts[i] > LargestStart)
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>Adds a low-rank term's largest values, 1 for rounding; false for a shift out of range.</summary>
        private static bool AddTerm(Lora term, long[] bounds)
        {
            for (int o = 0; o < bounds.Length; o++)
            {
                int shift = term.BShift[o];
                if (shift > LargestShift)
                {
                    return false;
                }

                bounds[o] += ((32768L * Magnitude(term.B, o * term.Rank, term.Rank)) >> shift) + 1;
            }

            return true;
        }

        /// <summary>Adds the largest values of differences; false for a position outside the layer.</summary>
        private static bool AddDifferences(byte[] stream, int depth, long[] bounds)
        {
            int output = 0;
            int column = 0;
            for (int i = 0; i < stream.Length; i += 2)
            {
                column += stream[i];
                output += column / depth;
                column %= depth;
                if (output >= bounds.Length)
                {
                    return false;
                }

                int difference = (sbyte)stream[i + 1];
                bounds[output] += 255 * (difference < 0 ? -difference : difference);
            }

            return true;
        }

        private static int Magnitude(sbyte[] values, int from, int count)
        {
            int sum = 0;
            for (int i = from; i < from + count; i++)
            {
                int value = values[i];
                sum += value < 0 ? -value : value;
            }

            return sum;
        }
    }
}
