
M
PlaceholderPlaceholder*
dtype0*$
shape:ÿÿÿÿÿÿÿÿÿ	
z
AvgPoolAvgPoolPlaceholder*
T0*
data_formatNHWC*
ksize
*
paddingSAME*
strides

&
output14IdentityAvgPool*
T0