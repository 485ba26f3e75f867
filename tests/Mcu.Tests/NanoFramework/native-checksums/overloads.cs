using System.Runtime.CompilerServices;

namespace Case.Overloads
{
    internal static class Kernels
    {
        internal static int Managed(int a)
        {
            return a + 1;
        }

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int Dot(sbyte[] x, int from, sbyte[] w, int at, int count);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int Dot(int[] x, int from, int[] w, int at, int count);

        internal static int Between(int a)
        {
            return a - 1;
        }

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern long Dot(int[] x);

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern void Dot();
    }
}
