namespace Mcu.Runtime
{
    /// <summary>
    /// Convolution of one image, NHWC, and matrix products over many rows. Six pixels at a time: their windows lie in the lanes of
    /// two numbers, so that each weight is loaded once and each multiplication does three pixels' work. The bytes of the int8
    /// reference.
    /// </summary>
    internal static class Conv2D
    {
        private const int Pixels = 6;
        private const long Half = 1L << 30;

        /// <summary>
        /// Lanes hold chunk products, as the generator proved; fast says that every shift is 1..22 and no accumulator reaches 2^30.
        /// </summary>
        internal static void Run(
            Linear layer, sbyte[] input, int inputAt, sbyte[] output, int outputAt, Scratch scratch,
            int inputH, int inputW, int inputC, int outputH, int outputW, int kernelH, int kernelW, int strideH, int strideW,
            int dilationH, int dilationW, int padTop, int padLeft, int outputs, int inputZeroPoint, int outputZeroPoint,
            int low, int high, bool fast, int chunk)
        {
            int depth = kernelH * kernelW * inputC;
            int pixels = outputH * outputW;
            bool direct = kernelH == 1 && kernelW == 1 && strideH == 1 && strideW == 1 && padTop == 0 && padLeft == 0 && outputW == inputW;
#if ADAPTER_TERMS
            bool adapted = layer.Lora != null || layer.Sparse != null;
#endif
            int oy = 0;
            int ox = 0;
            for (int pixel = 0; pixel < pixels; pixel += Pixels)
            {
                int count = pixels - pixel < Pixels ? pixels - pixel : Pixels;
                sbyte[] x = input;
                int at = inputAt + pixel * inputC;
                if (!direct)
                {
                    x = scratch.Patch;
                    at = 0;
                    for (int i = 0; i < count; i++)
                    {
                        Window.Gather(
                            input, inputAt, oy * strideH - padTop, ox * strideW - padLeft, inputH, inputW, inputC, kernelH, kernelW, dilationH, dilationW,
                            inputZeroPoint, x, i * depth);
                        if (++ox == outputW)
                        {
                            ox = 0;
                            oy++;
                        }
                    }
                }

                int[] terms = null;
#if ADAPTER_TERMS
                if (adapted)
                {
                    terms = scratch.Terms;
                    AdapterTerms.Sum(layer, x, at, count, depth, outputs, inputZeroPoint, terms, (pixels < Pixels ? pixels : Pixels) * outputs);
                }
#endif

                Pack(x, at, depth, count, 0, scratch.LanesA);
                if (count > 3)
                {
                    Pack(x, at, depth, count, 3, scratch.LanesB);
                    Six(layer, scratch, depth, chunk, outputs, count, terms, output, outputAt, outputZeroPoint, low, high, fast);
                }
                else
                {
                    Three(layer, scratch, depth, chunk, outputs, count, terms, output, outputAt, outputZeroPoint, low, high, fast);
                }

                outputAt += count * outputs;
            }
        }

        /// <summary>Windows first..first+2 of count; what is missing repeats the first window and is never written.</summary>
        private static void Pack(sbyte[] x, int at, int depth, int count, int first, long[] lanes)
        {
            int p = at + first * depth;
            int q = first + 1 < count ? p + depth : p;
            int r = first + 2 < count ? p + 2 * depth : p;
            for (int k = 0; k < depth; k++)
            {
                lanes[k] = x[p + k] + ((long)x[q + k] << 21) + ((long)x[r + k] << 42);
            }
        }

        private static void Six(
            Linear layer, Scratch scratch, int depth, int chunk, int outputs, int count, int[] terms, sbyte[] output, int outputAt,
            int zeroPoint, int low, int high, bool fast)
        {
            sbyte[] weights = layer.Weights;
            int[] bias = layer.Bias;
            long[] lanesA = scratch.LanesA;
            long[] lanesB = scratch.LanesB;
            for (int o = 0; o < outputs; o += 2)
            {
                int p = o * depth;
                int q = o + 1 < outputs ? p + depth : p;
                int a0 = bias[o];
                int a1 = a0;
                int a2 = a0;
                int a3 = a0;
                int a4 = a0;
                int a5 = a0;
                int b0 = o + 1 < outputs ? bias[o + 1] : 0;
                int b1 = b0;
                int b2 = b0;
                int b3 = b0;
                int b4 = b0;
                int b5 = b0;
                for (int from = 0; from < depth; from += chunk)
                {
                    int to = from + chunk < depth ? from + chunk : depth;
                    long a = 0;
                    long b = 0;
                    long c = 0;
                    long d = 0;
                    int k = from;
                    for (; k + 1 < to; k += 2)
                    {
                        long x = lanesA[k];
                        long y = lanesB[k];
                        long u = lanesA[k + 1];
                        long v = lanesB[k + 1];
                        long w = weights[p + k];
                        long z = weights[p + k + 1];
                        a = a + x * w + u * z;
                        b = b + y * w + v * z;
                        w = weights[q + k];
                        z = weights[q + k + 1];
                        c = c + x * w + u * z;
                        d = d + y * w + v * z;
                    }

                    if (k < to)
                    {
                        long w = weights[p + k];
                        long z = weights[q + k];
                        a += lanesA[k] * w;
                        b += lanesB[k] * w;
                        c += lanesA[k] * z;
                        d += lanesB[k] * z;
                    }

                    int lane = (int)(a << 43 >> 43);
                    a0 += lane;
                    a = (a - lane) >> 21;
                    lane = (int)(a << 43 >> 43);
                    a1 += lane;
                    a2 += (int)((a - lane) >> 21);
                    lane = (int)(b << 43 >> 43);
                    a3 += lane;
                    b = (b - lane) >> 21;
                    lane = (int)(b << 43 >> 43);
                    a4 += lane;
                    a5 += (int)((b - lane) >> 21);
                    lane = (int)(c << 43 >> 43);
                    b0 += lane;
                    c = (c - lane) >> 21;
                    lane = (int)(c << 43 >> 43);
                    b1 += lane;
                    b2 += (int)((c - lane) >> 21);
                    lane = (int)(d << 43 >> 43);
                    b3 += lane;
                    d = (d - lane) >> 21;
                    lane = (int)(d << 43 >> 43);
                    b4 += lane;
                    b5 += (int)((d - lane) >> 21);
                }

                Store(layer, o, a0, a1, a2, a3, a4, a5, outputs, count, terms, output, outputAt + o, zeroPoint, low, high, fast);
                if (o + 1 < outputs)
                {
                    Store(layer, o + 1, b0, b1, b2, b3, b4, b5, outputs, count, terms, output, outputAt + o + 1, zeroPoint, low, high, fast);
                }
            }
        }

        private static void Three(
            Linear layer, Scratch scratch, int depth, int chunk, int outputs, int count, int[] terms, sbyte[] output, int outputAt,
            int zeroPoint, int low, int high, bool fast)
        {
            sbyte[] weights = layer.Weights;
            long[] lanes = scratch.LanesA;
            int p = 0;
            for (int o = 0; o < outputs; o++, p += depth)
            {
                int a0 = layer.Bias[o];
                int a1 = a0;
                int a2 = a0;
                for (int from = 0; from < depth; from += chunk)
                {
                    int to = from + chunk < depth ? from + chunk : depth;
                    long a = 0;
                    int k = from;
                    for (; k + 1 < to; k += 2)
                    {
                        a = a + lanes[k] * weights[p + k] + lanes[k + 1] * weights[p + k + 1];
                    }

                    if (k < to)
                    {
                        a += lanes[k] * weights[p + k];
                    }

                    int lane = (int)(a << 43 >> 43);
                    a0 += lane;
                    a = (a - lane) >> 21;
                    lane = (int)(a << 43 >> 43);
                    a1 += lane;
                    a2 += (int)((a - lane) >> 21);
                }

                Store(layer, o, a0, a1, a2, 0, 0, 0, outputs, count, terms, output, outputAt + o, zeroPoint, low, high, fast);
            }
        }

        /// <summary>Requantises one output of up to six pixels.</summary>
        private static void Store(
            Linear layer, int o, int s0, int s1, int s2, int s3, int s4, int s5, int outputs, int count, int[] terms,
            sbyte[] output, int at, int zeroPoint, int low, int high, bool fast)
        {
            int multiplier = layer.Multiplier[o];
            int shift = layer.Shift[o];
            if (terms != null)
            {
                s0 += terms[o];
                s1 += count > 1 ? terms[outputs + o] : 0;
                s2 += count > 2 ? terms[2 * outputs + o] : 0;
                s3 += count > 3 ? terms[3 * outputs + o] : 0;
                s4 += count > 4 ? terms[4 * outputs + o] : 0;
                s5 += count > 5 ? terms[5 * outputs + o] : 0;
            }

            if (!fast)
            {
                output[at] = Finish(s0, multiplier, shift, zeroPoint, low, high);
                if (count > 1)
                {
                    output[at + outputs] = Finish(s1, multiplier, shift, zeroPoint, low, high);
                }

                if (count > 2)
                {
                    output[at + 2 * outputs] = Finish(s2, multiplier, shift, zeroPoint, low, high);
                }

                if (count > 3)
                {
                    output[at + 3 * outputs] = Finish(s3, multiplier, shift, zeroPoint, low, high);
                }

                if (count > 4)
                {
                    output[at + 4 * outputs] = Finish(s4, multiplier, shift, zeroPoint, low, high);
                }

                if (count > 5)
                {
                    output[at + 5 * outputs] = Finish(s5, multiplier, shift, zeroPoint, low, high);
                }

                return;
            }

            long m = multiplier;
            int offset = (zeroPoint << shift) + (1 << (shift - 1));
            int v = (int)((s0 * m + Half) >> 31);
            v = (v + (v >> 31) + offset) >> shift;
            output[at] = (sbyte)(v < low ? low : (v > high ? high : v));
            if (count == 1)
            {
                return;
            }

            at += outputs;
            v = (int)((s1 * m + Half) >> 31);
            v = (v + (v >> 31) + offset) >> shift;
            output[at] = (sbyte)(v < low ? low : (v > high ? high : v));
            if (count == 2)
            {
                return;
            }

            at += outputs;
            v = (int)((s2 * m + Half) >> 31);
            v = (v + (v >> 31) + offset) >> shift;
            output[at] = (sbyte)(v < low ? low : (v > high ? high : v));
            if (count == 3)
            {
                return;
            }

            at += outputs;
            v = (int)((s3 * m + Half) >> 31);
            v = (v + (v >> 31) + offset) >> shift;
            output[at] = (sbyte)(v < low ? low : (v > high ? high : v));
            if (count == 4)
            {
                return;
            }

            at += outputs;
            v = (int)((s4 * m + Half) >> 31);
            v = (v + (v >> 31) + offset) >> shift;
            output[at] = (sbyte)(v < low ? low : (v > high ? high : v));
            if (count == 5)
            {
                return;
            }

            at += outputs;
            v = (int)((s5 * m + Half) >> 31);
            v = (v + (v >> 31) + offset) >> shift;
            output[at] = (sbyte)(v < low ? low : (v > high ? high : v));
        }

        private static sbyte Finish(int sum, int multiplier, int shift, int zeroPoint, int low, int high)
        {
            return (sbyte)Numerics.Clamp(Numerics.Requantize(sum, multiplier, shift) + zeroPoint, low, high);
        }
    }
}
