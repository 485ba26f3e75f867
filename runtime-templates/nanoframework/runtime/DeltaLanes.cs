namespace Mcu.Runtime
{
    /// <summary>What the generator proves for lanes (Lanes.cs), for weights that it does not know.</summary>
    internal static class DeltaLanes
    {
        /// <summary>Sums of weights' sizes below this keep a lane apart: 128 times as much is below 2^20.</summary>
        private const int Limit = 1 << 13;

        /// <summary>Products that a lane can add up, whatever the input is; even.</summary>
        internal static int Chunk(sbyte[] weights, int depth)
        {
            int chunk = (depth + 1) & ~1;
            while (!Fits(weights, depth, chunk))
            {
                chunk = ((chunk / 2) + 1) & ~1;
            }

            return chunk;
        }

        private static bool Fits(sbyte[] weights, int depth, int chunk)
        {
            for (int row = 0; row < weights.Length; row += depth)
            {
                int sum = 0;
                int left = 0;
                for (int k = row; k < row + depth; k++)
                {
                    if (left == 0)
                    {
                        sum = 0;
                        left = chunk;
                    }

                    int weight = weights[k];
                    sum += weight < 0 ? -weight : weight;
                    left--;
                    if (sum >= Limit)
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }
}
