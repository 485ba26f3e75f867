using System.Runtime.CompilerServices;

namespace Case.Types
{
    internal enum Mode
    {
        Off,
        On,
    }

    internal struct Pair
    {
        internal int A;
        internal int B;

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal extern int Sum(Pair other);
    }

    internal static class All
    {
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern bool Values(bool a, byte b, sbyte c, char d, short e, ushort f, int g, uint h, long i, ulong j, float k, double l, string m, object n);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern void Arrays(bool[] a, byte[] b, sbyte[] c, char[] d, short[] e, ushort[] f, int[] g, uint[] h, long[] i, ulong[] j, float[] k, double[] l, string[] m, object[] n);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern void ByRef(ref int a, out sbyte b, ref long c, ref float d, ref string e, ref int[] f, out sbyte[] g, ref Pair h);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int[][] Jagged(sbyte[][] a, Pair[] b);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern Mode Own(Pair a, Mode b, Other c, Mode[] d);
    }

    internal sealed class Other
    {
        internal int Value;
    }
}
